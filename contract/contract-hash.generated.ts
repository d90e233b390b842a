// Made by: node build/codegen/contract-hash.mjs
/** Changes whenever the contract does. A client whose hash differs from its engine's starts the engine anew. */
export const contractHash = '20ed88e94cdfcabd'
