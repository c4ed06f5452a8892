import type { JSX } from 'preact';
import type { ExpressionValue } from '@typekro/controller/inspect';
import { Value } from './parts.tsx';

/** Expressions, each with its place, its type and its current value. */
export function ExpressionList(props: { readonly expressions: readonly ExpressionValue[] }): JSX.Element {
  return (
    <ul class="rows expressions">
      {props.expressions.map(({ place, expression, type, value }) => (
        <li key={`${place} ${expression}`}>
          <p>
            <strong>{place}</strong> <span class="soft">{type}</span>
          </p>
          <code>{expression}</code>
          <Value value={value} />
        </li>
      ))}
    </ul>
  );
}
