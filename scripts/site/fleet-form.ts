/**
 * Marks the position of the form in a Markdown page. Other Markdown renderers ignore this comment and show only the
 * page's table.
 */
export const FLEET_FORM_MARK = '<!-- fleet form -->';

const FIELDS = [
  ['instances', 'Instances of all definitions', 1000],
  ['children', 'Children of each instance', 5],
  ['changesPerHour', 'Changes an hour', 600],
  ['definitions', 'Definitions', 1],
] as const;

/** The HTML form for the size of a fleet. The script of the site computes the result. */
export const FLEET_FORM = `<form class="fleet" aria-label="The size of a fleet">
${FIELDS.map(
  ([name, label, value]) =>
    `<label>${label} <input name="${name}" type="number" min="0" max="10000000" step="1" value="${value}" required></label>`,
).join('\n')}
<output>The result needs JavaScript. The table below needs none.</output>
</form>
`;
