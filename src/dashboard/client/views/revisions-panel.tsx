import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { DefinitionDetail, RevisionDetail, RolloutState } from '../../../inspect/index.ts';
import { inspectPaths } from '../../../inspect/index.ts';
import { useRemote } from '../data/use-remote.ts';
import { plural } from '../graph/picture.ts';
import { ageOf } from '../shared/clock.ts';
import { Empty, Loading, Problem } from '../shared/parts.tsx';
import { diffLines, foldEqual } from '../text/diff-lines.ts';

/** The stored revisions of a definition, and the difference of any two. */
export function RevisionsPanel({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  const { revisions, followers, definition } = detail;
  const [newest, before] = revisions;
  const [from, setFrom] = useState(before?.revision);
  const [to, setTo] = useState(newest?.revision);
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
                {(byRevision.get(row.revision) ?? 0).toLocaleString('en')}
                {row.pinned.length === 0 ? null : (
                  <span class="soft" title={row.pinned.join('\n')}>
                    {' '}
                    ({row.pinned.length} pinned)
                  </span>
                )}
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
        <Difference key={`${from} ${to}`} name={definition.name} from={from} to={to} />
      )}
    </div>
  );
}

const never = (): boolean => false;

function Difference(props: { readonly name: string; readonly from: number; readonly to: number }): JSX.Element {
  const [from, to] = [
    useRemote<RevisionDetail>(inspectPaths.revision(props.name, props.from), never),
    useRemote<RevisionDetail>(inspectPaths.revision(props.name, props.to), never),
  ];
  const [texts, error] = [[from.value?.text, to.value?.text], from.error ?? to.error];
  const parts = useMemo(() => {
    const [before, after] = texts;
    return before === undefined || after === undefined ? undefined : foldEqual(diffLines(before, after));
  }, texts);
  if (error !== undefined && error.status !== 0) return <Problem error={error} what="The revision" />;
  if (parts === undefined) return <Loading what="the revisions" />;
  return (
    <section aria-label={`Difference of revision ${props.from} and revision ${props.to}`}>
      <h2>
        Revision {props.from} → {props.to}
      </h2>
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

/** The state of a canary. */
export function RolloutNotice({ rollout }: { readonly rollout: RolloutState }): JSX.Element {
  const first = rollout.first.slice(0, 5).join(', ');
  const more = rollout.first.length > 5 ? ` and ${rollout.first.length - 5} more` : '';
  return (
    <div class={`notice${rollout.phase === 'held' ? ' bad' : ''}`}>
      <p>
        <strong>
          Revision {rollout.revision} {rollout.phase === 'held' ? 'is held' : 'is tried first'} on{' '}
          {rollout.first.length} of {plural(rollout.of, 'instance')}
        </strong>{' '}
        ({first}
        {more}). {rollout.message}
      </p>
    </div>
  );
}
