/** A script that imports a style sheet gets its text (`scripts/page.mjs`). */
declare module '*.css' {
  const text: string;
  export default text;
}
