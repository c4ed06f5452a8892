/**
 * What the package loads when it is first asked for: its own files and the libraries of others. Bundlers can follow
 * neither, so the package names two modules for this one (`#late-parts` in `package.json`): this one for Node, and for
 * every other host one with the same exports that holds the texts and imports the libraries (`scripts/embed.mjs`).
 */
export * from './assets.ts';
export * from './late-libraries.ts';
