/** A script that imports a style sheet gets the content of the style sheet as a string (`scripts/page.mjs`). */
declare module '*.css' {
  const text: string;
  export default text;
}
