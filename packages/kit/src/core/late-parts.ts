/**
 * The package's own data files and third-party libraries, each loaded at its first use. Bundlers cannot follow such
 * loads. The package therefore has two modules with these exports, and `#late-parts` in `package.json` chooses one.
 * Node gets this module. Every other host gets a module that contains the data files as strings and imports the
 * libraries (`scripts/embed.mjs`).
 */
export * from './assets.ts';
export * from './late-libraries.ts';
