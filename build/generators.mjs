/** Every script that makes a committed file, in the order in which they run. */
export const generators = ['build/codegen/qmp-types.mjs', 'build/codegen/contract-hash.mjs', 'build/codegen/api-docs.mjs', 'build/codegen/cli-manifest.mjs']
