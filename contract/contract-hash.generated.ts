// Made by: node build/codegen/contract-hash.mjs
/** Changes whenever the contract does. A client whose hash differs from its engine's starts the engine anew. */
export const contractHash = 'd7ab1b7ad39bef9f'
