import type { JSX } from 'preact';
import type { DefinitionList, DefinitionRow, InstanceCounts } from '../../../inspect/index.ts';
import { inspectPaths } from '../../../inspect/index.ts';
import { navigate } from '../data/session.ts';
import { ofDefinitions, useRemote } from '../data/use-remote.ts';
import { plural } from '../graph/picture.ts';
import { stateWord, toneOf } from '../graph/states.ts';
import { Empty, Link, Loading, Problem, StateBadge } from '../shared/parts.tsx';

/** The list of all definitions. */
export function DefinitionsView(): JSX.Element {
  const { value, error } = useRemote<DefinitionList>(inspectPaths.definitions(), ofDefinitions);
  return (
    <div class="view definitions-view">
      <h1 class="visually-hidden">Definitions</h1>
      {error !== undefined && error.status !== 0 ? <Problem error={error} what="The list" /> : null}
      {value === undefined ? (
        <Loading what="the definitions" />
      ) : value.items.length === 0 ? (
        <Empty title="There is no definition yet.">
          <p>
            Apply a ResourceGraphDefinition with <code>kubectl apply -f FILE</code>, or look at what it would do in the
            plan.
          </p>
          <button type="button" class="button" onClick={() => navigate({ view: 'plan' })}>
            Plan a definition
          </button>
        </Empty>
      ) : (
        <ul class="cards">
          {value.items.map((definition) => (
            <DefinitionCard key={definition.name} definition={definition} />
          ))}
        </ul>
      )}
    </div>
  );
}

function DefinitionCard({ definition }: { readonly definition: DefinitionRow }): JSX.Element {
  const { name, kind, apiVersion, state, revision, problems } = definition;
  return (
    <li class="card">
      <div class="card-head">
        <Link to={{ view: 'definition', name }} class="card-title">
          {kind}
        </Link>
        <StateBadge state={state} />
      </div>
      <p class="soft">
        <span>{name}</span>
        <span class="dot" aria-hidden="true" />
        <span>{apiVersion}</span>
        {revision === undefined ? null : (
          <>
            <span class="dot" aria-hidden="true" />
            <span>revision {revision}</span>
          </>
        )}
      </p>
      <StateBar counts={definition.counts} suspended={definition.suspended} />
      {problems.length === 0 ? null : (
        <p class="card-problem">
          {problems[0]}
          {problems.length === 1 ? null : <span class="soft"> and {problems.length - 1} more</span>}
        </p>
      )}
    </li>
  );
}

const ORDER: readonly (keyof InstanceCounts)[] = ['ERROR', 'IN_PROGRESS', 'DELETING', 'NONE', 'ACTIVE'];

/** The numbers of instances by state: a bar, and the same in words. */
export function StateBar(props: { readonly counts: InstanceCounts; readonly suspended: number }): JSX.Element {
  const shares = ORDER.filter((state) => props.counts[state] > 0);
  const total = shares.reduce((sum, state) => sum + props.counts[state], 0);
  const words = shares.map((state) => `${props.counts[state].toLocaleString('en')} ${stateWord(state).toLowerCase()}`);
  if (props.suspended > 0) words.push(`${props.suspended.toLocaleString('en')} suspended`);
  return (
    <div class="state-bar">
      <div class="bar-track" aria-hidden="true">
        {shares.map((state) => (
          <span key={state} class={`tone-${toneOf(state)}`} style={{ flexGrow: `${props.counts[state]}` }} />
        ))}
      </div>
      <p>
        {total === 0 ? 'no instances' : plural(total, 'instance')}
        {words.length === 0 ? null : <span class="soft">: {words.join(', ')}</span>}
      </p>
    </div>
  );
}
