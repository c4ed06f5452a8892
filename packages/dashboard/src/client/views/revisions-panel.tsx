import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { type DefinitionDetail, type RevisionDetail, inspectPaths } from '@typekro/controller/inspect';
import { useRemote } from '../data/use-remote.ts';
import { plural } from '../graph/picture.ts';
import { ageOf } from '../shared/page-clock.ts';
import { Details, FirstItems } from '../shared/details.tsx';
import { CopyCommand, Empty, Link, ReadNotice } from '../shared/parts.tsx';
import { diffLines, foldEqual } from '../text/diff-lines.ts';
import { revisionCommand } from '../text/kubectl.ts';

/** Shows the stored revisions of a definition, and the differences between any two of them. */
export function RevisionsPanel({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  const { revisions, followers, definition } = detail;
  const [newest, before] = revisions;
  const [from, setFrom] = useState(before?.revision);
  const [to, setTo] = useState(newest?.revision);
  const names = new Map(revisions.map(({ revision, name }) => [revision, name]));
  const byRevision = new Map(followers.map(({ revision, instances }) => [revision, instances]));
  if (newest === undefined) return <Empty title="There is no stored revision yet." />;
  return (
    <div class="revisions">
      <table class="plain">
        <caption class="visually-hidden">Revisions, newest first</caption>
        <thead>
          <tr>
            <th scope="col">Revision</th>
            <th scope="col">Age</th>
            <th scope="col">Instances</th>
            <th scope="col">Changes</th>
            <th scope="col">Compare</th>
          </tr>
        </thead>
        <tbody>
          {revisions.map((row) => (
            <tr key={row.revision}>
              <th scope="row">
                {row.revision} {row.current ? <span class="tag">current</span> : null}
              </th>
              <td>{ageOf(row.createdAt)}</td>
              <td>
                <Followers
                  name={definition.name}
                  revision={row.revision}
                  instances={byRevision.get(row.revision) ?? 0}
                  pinned={row.pinned}
                />
              </td>
              <td class="changes">{row.changes.length === 0 ? <span class="soft">–</span> : row.changes.join(', ')}</td>
              <td>
                <label class="pick">
                  <input
                    type="radio"
                    name="from"
                    checked={from === row.revision}
                    onChange={() => setFrom(row.revision)}
                  />{' '}
                  from
                </label>
                <label class="pick">
                  <input type="radio" name="to" checked={to === row.revision} onChange={() => setTo(row.revision)} /> to
                </label>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {from === undefined || to === undefined || from === to ? (
        <p class="soft">Choose two revisions to see their difference.</p>
      ) : (
        <Difference key={`${from} ${to}`} name={definition.name} names={names} from={from} to={to} />
      )}
    </div>
  );
}

/** The maximum number of pinned instances that are drawn for a revision. */
const MAX_PINNED = 200;

/**
 * Shows how many instances follow a revision, as a link to the list of these instances. Also shows the names of the
 * instances that are pinned to the revision.
 */
function Followers(props: {
  readonly name: string;
  readonly revision: number;
  readonly instances: number;
  readonly pinned: readonly string[];
}): JSX.Element {
  const { name, revision, instances, pinned } = props;
  return (
    <>
      {instances === 0 ? (
        '0'
      ) : (
        <Link to={{ view: 'definition', name, tab: 'instances', revision: `${revision}` }}>
          {instances.toLocaleString('en')}
          <span class="visually-hidden"> of revision {revision}</span>
        </Link>
      )}
      {pinned.length === 0 ? null : (
        <Details
          summary={`${pinned.length} pinned`}
          content={() => (
            <ul class="rows">
              <FirstItems
                items={pinned}
                max={MAX_PINNED}
                what="instances"
                draw={(instance) => <li key={instance}>{instance}</li>}
              />
            </ul>
          )}
        />
      )}
    </>
  );
}

const never = (): boolean => false;

function Difference(props: {
  readonly name: string;
  /** Maps the number of a revision to the name of its GraphRevision. */
  readonly names: ReadonlyMap<number, string>;
  readonly from: number;
  readonly to: number;
}): JSX.Element {
  const [from, to] = [
    useRemote<RevisionDetail>(inspectPaths.revision(props.name, props.from), never),
    useRemote<RevisionDetail>(inspectPaths.revision(props.name, props.to), never),
  ];
  const texts = [from.value?.text, to.value?.text];
  const parts = useMemo(() => {
    const [before, after] = texts;
    return before === undefined || after === undefined ? undefined : foldEqual(diffLines(before, after));
  }, texts);
  const notice = <ReadNotice read={from.error === undefined ? to : from} what="the revisions" />;
  if (parts === undefined) return notice;
  return (
    <section aria-label={`Difference of revision ${props.from} and revision ${props.to}`}>
      {notice}
      <h2>
        Revision {props.from} → {props.to}
      </h2>
      <p>
        {[props.from, props.to].map((revision) => (
          <CopyCommand
            key={revision}
            command={revisionCommand(props.names.get(revision) ?? '')}
            label={`Revision ${revision}`}
          />
        ))}
      </p>
      <div class="diff" tabIndex={0}>
        {parts.map((part, index) =>
          'skipped' in part ? (
            <p key={index} class="diff-skipped">
              {plural(part.skipped, 'equal line')}
            </p>
          ) : (
            part.lines.map(({ kind, text, before, after }) => (
              <p key={`${before} ${after}`} class={`diff-line is-${kind}`}>
                <span class="diff-number">{before}</span>
                <span class="diff-number">{after}</span>
                <span class="diff-sign">{SIGNS[kind]}</span>
                <code>{text}</code>
              </p>
            ))
          ),
        )}
      </div>
    </section>
  );
}

const SIGNS = { equal: ' ', removed: '−', added: '+' };
