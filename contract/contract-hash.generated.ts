// Made by: node build/codegen/contract-hash.mjs
/** Changes whenever the contract does. A client whose hash differs from its engine's starts the engine anew. */
export const contractHash = 'a97cad816a40a41d'
