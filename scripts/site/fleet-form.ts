/**
 * The place of the form in a page of Markdown. On other hosts of Markdown it is a comment without effect, and the table
 * of the page remains.
 */
export const FLEET_FORM_MARK = '<!-- fleet form -->';

const FIELDS = [
  ['instances', 'Instances of all definitions', 1000],
  ['children', 'Children of each instance', 5],
  ['changesPerHour', 'Changes an hour', 600],
  ['definitions', 'Definitions', 1],
] as const;

/** The form that computes the size of a fleet, with the script of the site. */
export const FLEET_FORM = `<form class="fleet" aria-label="The size of a fleet">
${FIELDS.map(
  ([name, label, value]) =>
    `<label>${label} <input name="${name}" type="number" min="0" max="10000000" step="1" value="${value}" required></label>`,
).join('\n')}
<output>The result needs JavaScript. The table below needs none.</output>
</form>
`;
