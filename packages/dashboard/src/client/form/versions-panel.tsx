import type { ComponentChildren, JSX } from 'preact';
import type { DefinitionDetail, VersionRow, VersionsDetail } from '@typekro/controller/inspect';
import { plural } from '../graph/picture.ts';
import { Details } from '../shared/details.tsx';
import { Empty, Link } from '../shared/parts.tsx';
import { Schema } from './schema-panel.tsx';

/** The versions of a definition's API: which are served and stored, how objects are converted, and their fields. */
export function VersionsPanel({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  const { versions } = detail;
  if (versions === undefined) return <Empty title="The API has one version." />;
  return (
    <div class="versions">
      {versions.migration === undefined ? null : <Migration migration={versions.migration} />}
      <Problems detail={detail} />
      <Table caption="Versions" heads={['Version', 'Use', 'Warning for clients']}>
        {versions.rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            <td>
              {usesOf(row).map((use) => (
                <span key={use} class="tag">
                  {use}
                </span>
              ))}
            </td>
            <td>{row.deprecated ?? <span class="soft">–</span>}</td>
          </tr>
        ))}
      </Table>
      {versions.conversions.map((conversion) => (
        <Conversion key={`${conversion.from} ${conversion.to}`} conversion={conversion} />
      ))}
      {versions.rows.map(({ name, schema, statusSchema }) => (
        <Details
          key={name}
          summary={`Schema of ${name}`}
          content={() => (
            <div class="form-view">
              <Schema title="Spec" schema={schema} />
              <Schema title="Status" schema={statusSchema} />
            </div>
          )}
        />
      ))}
    </div>
  );
}

/** The uses of a version in words. */
function usesOf({ hub, served, stored, deprecated }: VersionRow): string[] {
  const storage = stored ? [hub ? 'stored' : 'still stored'] : [];
  const warning = deprecated === undefined ? [] : ['deprecated'];
  return [...(hub ? ['hub'] : []), served ? 'served' : 'not served', ...storage, ...warning];
}

function Conversion(props: { readonly conversion: VersionsDetail['conversions'][number] }): JSX.Element {
  const { from, to, rules, kept } = props.conversion;
  const title = `${from} → ${to}`;
  return (
    <section aria-label={`Conversion from ${from} to ${to}`}>
      <h2>{title}</h2>
      {rules.length + kept.length === 0 ? (
        <p class="soft">All fields are copied.</p>
      ) : (
        <Table caption={title} heads={['Field', 'Value']}>
          {rules.map(({ field, value }) => (
            <tr key={field}>
              <th scope="row">{field === '' ? 'The whole object' : <code>{field}</code>}</th>
              <td>
                <code>{value}</code>
              </td>
            </tr>
          ))}
          {kept.map((field) => (
            <tr key={field}>
              <th scope="row">
                <code>{field}</code>
              </th>
              <td class="soft">kept in an annotation, because {to} has no such field</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

function Table(props: {
  readonly caption: string;
  readonly heads: readonly string[];
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <table class="plain">
      <caption class="visually-hidden">{props.caption}</caption>
      <thead>
        <tr>
          {props.heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{props.children}</tbody>
    </table>
  );
}

/** How far the objects are written again in the hub. */
function Migration(props: { readonly migration: NonNullable<VersionsDetail['migration']> }): JSX.Element {
  const { status, message, migrated, total } = props.migration;
  return (
    <div class={`notice${status === 'False' ? ' bad' : ''}`}>
      <p>{message}</p>
      <progress aria-label="Objects that are stored in the hub" value={migrated} max={Math.max(total, migrated, 1)} />
    </div>
  );
}

function Problems({ detail }: { readonly detail: DefinitionDetail }): JSX.Element | null {
  const found = detail.diagnostics.filter(({ path = '' }) => path.startsWith('spec.schema.versions'));
  if (found.length === 0) return null;
  return (
    <div class="notice bad">
      <p>
        The versions have {plural(found.length, 'problem')}:{' '}
        <Link to={{ view: 'definition', name: detail.definition.name, tab: 'source' }}>see the source</Link>
      </p>
      <ul>
        {found.map(({ message }) => (
          <li key={message}>{message}</li>
        ))}
      </ul>
    </div>
  );
}
