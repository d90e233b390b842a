import packageDescription from '../package.json' with { type: 'json' }

/** Mayfly's version, as package.json says it. */
export const mayflyVersion: string = packageDescription.version
