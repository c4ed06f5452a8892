import type { JSX, TargetedKeyboardEvent } from 'preact';
import type { DefinitionList, DefinitionRow, InstanceCounts } from '@typekro/controller/inspect';
import { inspectPaths, INSTANCE_STATES_BY_URGENCY } from '@typekro/controller/inspect';
import { navigate } from '../data/session.ts';
import { ofDefinitions } from '../data/concerns.ts';
import { useRemote } from '../data/use-remote.ts';
import { plural } from '../graph/picture.ts';
import { stateWord, toneOf } from '../graph/states.ts';
import { rowAfterKey } from '../lists/virtual-window.ts';
import { CopyCommand, Dot, Empty, Link, Notices, ReadNotice, StateBadge } from '../shared/parts.tsx';
import { DEFINITIONS_COMMAND } from '../text/kubectl.ts';

/** The list of all definitions. */
export function DefinitionsView(): JSX.Element {
  const read = useRemote<DefinitionList>(inspectPaths.definitions(), ofDefinitions);
  const { value } = read;
  return (
    <div class="view definitions-view">
      <h1 class="visually-hidden">Definitions</h1>
      <div class="toolbar">
        <CopyCommand command={DEFINITIONS_COMMAND} />
      </div>
      <ReadNotice read={read} what="the definitions" />
      {value === undefined ? null : value.items.length === 0 ? (
        <Empty title="There is no definition yet.">
          <p>
            Apply a ResourceGraphDefinition with <code>kubectl apply -f FILE</code>, or plan it first.
          </p>
          <button type="button" class="button" onClick={() => navigate({ view: 'plan' })}>
            Plan a definition
          </button>
        </Empty>
      ) : (
        <>
          <Notices texts={value.limits} />
          <ul class="cards" onKeyDown={moveCard}>
            {value.items.map((definition) => (
              <DefinitionCard key={definition.name} definition={definition} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

/** Arrow keys move between the links of the cards. */
function moveCard(event: TargetedKeyboardEvent<HTMLUListElement>): void {
  const links = [...event.currentTarget.querySelectorAll('a')];
  const next = rowAfterKey(event.key, links.indexOf(document.activeElement as HTMLAnchorElement), links.length, 1);
  if (next === undefined) return;
  event.preventDefault();
  links[next]?.focus();
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
        <Dot />
        <span>{apiVersion}</span>
        {revision === undefined ? null : (
          <>
            <Dot />
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

/** The numbers of instances by state: a bar, and the same in words. */
export function StateBar(props: { readonly counts: InstanceCounts; readonly suspended: number }): JSX.Element {
  const shares = INSTANCE_STATES_BY_URGENCY.filter((state) => props.counts[state] > 0);
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
