import type { JSX } from 'preact';
import { useId, useMemo, useState, useEffect } from 'preact/hooks';
import type { DefinitionDetail } from '@typekro/controller/inspect';
import { Icon } from '../shared/icons.tsx';
import { CopyCommand, Empty, Line, copyText } from '../shared/parts.tsx';
import type { InstanceProblem, InstanceCheck } from '../../playground/input.ts';
import { toYaml } from '../text/to-yaml.ts';
import { type FormField, formFields } from './form-fields.ts';
import type { FormTexts } from './form-instance.ts';
import { fieldKey, formInstance, NAME_KEY, NAMESPACE_KEY, removeRow, rowCount, rowNameKey } from './form-instance.ts';
import { type PlacedProblems, placeProblems } from './place-problems.ts';
import type { JsonObject } from '@typekro/kit/core';
import { type RunState, browserHost, createRunner } from '../playground/playground-runner.ts';

// The form and the schema panel are in one script, which a page loads on demand.
export { SchemaPanel } from './schema-panel.tsx';
export { VersionsPanel } from './versions-panel.tsx';

interface FormState {
  readonly texts: FormTexts;
  readonly problems: ReadonlyMap<string, string>;
  readonly change: (key: string, text: string) => void;
  /** Removes a row of a list or map. */
  readonly remove: (field: FormField, index: number) => void;
}

/** The schema of a definition as a form, and the instance that the form makes. Nothing is written to the cluster. */
export function SchemaForm({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  const { definition, schema, namespaced } = detail;
  const [texts, setTexts] = useState<FormTexts>(new Map([[NAMESPACE_KEY, 'default']]));
  const fields = useMemo(() => (schema === undefined ? [] : formFields(schema)), [schema]);
  const { apiVersion, kind } = definition;
  const made = formInstance({ apiVersion, kind, namespaced }, fields, texts);
  const yaml = toYaml(made.object);
  const check = useCheck(schema, made.object, yaml);
  const [found, setFound] = useState<readonly InstanceProblem[]>([]);
  // The problems of the last check stay until the next one, so that they do not flicker at each key.
  if (check.is === 'done' && check.result !== found) setFound(check.result);
  if (schema === undefined) return <Empty title="The definition has no schema until its problems are solved." />;
  const placed = placeProblems(made, check.is === 'ended' ? [] : found);
  const form: FormState = {
    texts,
    problems: placed.byKey,
    change: (key, text) => setTexts(new Map([...texts, [key, text]])),
    remove: (field, index) => setTexts(removeRow(texts, field, index)),
  };
  return (
    <div class="form-view">
      <form class="form" aria-label={`New ${kind}`} onSubmit={(event) => event.preventDefault()}>
        <fieldset>
          <legend>Metadata</legend>
          <TextField form={form} id={NAME_KEY} label="name" required />
          {namespaced ? <TextField form={form} id={NAMESPACE_KEY} label="namespace" /> : null}
        </fieldset>
        <fieldset>
          <legend>Spec</legend>
          {fields.length === 0 ? <p class="soft">The spec has no fields.</p> : null}
          {fields.map((field) => (
            <Field key={field.name} form={form} field={field} />
          ))}
        </fieldset>
      </form>
      <section class="form-result" aria-label="The instance">
        <header>
          <h2>{kind}</h2>
          <button type="button" class="button" onClick={() => void copyText(yaml)}>
            <Icon name="copy" />
            Copy YAML
          </button>
          <CopyCommand command="kubectl apply -f -" label="apply" input={yaml} />
        </header>
        <pre tabIndex={0}>{yaml}</pre>
        {placed.others.map((text) => (
          <p key={text} class="notice bad">
            {text}
          </p>
        ))}
        <p class="soft" role="status">
          {summaryOf(placed)}
          {check.is === 'ended' ? ` The rules of the schema are not checked: ${check.reason}` : ''}
        </p>
      </section>
    </div>
  );
}

function summaryOf({ missing, refused }: PlacedProblems): string {
  if (missing + refused === 0)
    return 'The button “apply” copies a command that writes the instance to the cluster. Nothing is written until you run this command.';
  return [
    missing === 0 ? '' : `${missing === 1 ? 'One field needs' : `${missing} fields need`} a value.`,
    refused === 0 ? '' : `The API server would refuse ${refused === 1 ? 'one value' : `${refused} values`}.`,
  ].join(' ');
}

function TextField(props: {
  readonly form: FormState;
  readonly id: string;
  readonly label: string;
  readonly required?: boolean;
}): JSX.Element {
  const id = useId();
  const { form, required = false } = props;
  return (
    <div class="field">
      <label for={id}>
        {props.label}
        {required ? <Required /> : null}
      </label>
      <input
        id={id}
        type="text"
        required={required}
        value={form.texts.get(props.id) ?? ''}
        {...problemOf(form, props.id, id)}
        onInput={(event) => form.change(props.id, event.currentTarget.value)}
      />
      <FieldProblem form={form} id={props.id} control={id} />
    </div>
  );
}

const Required = (): JSX.Element => (
  <span class="required" aria-hidden="true">
    {' required'}
  </span>
);

interface ProblemAttributes {
  readonly 'aria-invalid'?: true;
  readonly 'aria-describedby': string | undefined;
}

/**
 * The attributes of a control that say whether its value is refused, and which elements describe it. `described` has
 * the ids of descriptions other than the problem.
 */
function problemOf(form: FormState, key: string, control: string, described = ''): ProblemAttributes {
  return form.problems.has(key)
    ? { 'aria-invalid': true, 'aria-describedby': `${control}-problem ${described}` }
    : { 'aria-describedby': described === '' ? undefined : described };
}

/**
 * Shows why a value is refused. A missing required value gets no message, because the label of its field says
 * `required`.
 */
function FieldProblem(props: {
  readonly form: FormState;
  readonly id: string;
  readonly control: string;
}): JSX.Element | null {
  const message = props.form.problems.get(props.id);
  return message === undefined ? null : (
    <p class="field-problem" id={`${props.control}-problem`}>
      {message}
    </p>
  );
}

function Field({ form, field }: { readonly form: FormState; readonly field: FormField }): JSX.Element {
  const id = useId();
  const key = fieldKey(field.path);
  const hints = [
    field.type,
    ...field.rules,
    ...(field.defaultText === undefined ? [] : [`default ${field.defaultText}`]),
  ].join(' · ');
  const name = (
    <>
      {field.isRow ? `${Number(field.name) + 1}` : field.name}
      {field.required && !field.isRow ? <Required /> : null}
    </>
  );
  if (field.control === 'section' || field.row !== undefined) {
    return (
      <fieldset>
        <legend>{name}</legend>
        <Line kind="soft" text={field.description} />
        {field.row === undefined ? null : <p class="hint">{hints}</p>}
        <FieldProblem form={form} id={key} control={id} />
        {field.row === undefined ? (
          field.fields.map((child) => <Field key={child.name} form={form} field={child} />)
        ) : (
          <Rows form={form} field={field} row={field.row} />
        )}
      </fieldset>
    );
  }
  return (
    <div class="field">
      <label for={id}>{name}</label>
      <Control id={id} field={field} form={form} />
      {field.isRow ? null : (
        <p class="hint" id={`${id}-hint`}>
          {field.description === undefined ? null : <span>{field.description}</span>}
          {hints}
        </p>
      )}
      <FieldProblem form={form} id={key} control={id} />
    </div>
  );
}

/** The rows of a list or map. */
function Rows(props: {
  readonly form: FormState;
  readonly field: FormField;
  readonly row: NonNullable<FormField['row']>;
}): JSX.Element {
  const { form, field } = props;
  const count = rowCount(form.texts, field);
  return (
    <>
      {Array.from({ length: count }, (_, index) => {
        const row = props.row(index);
        return (
          <div key={index} class="form-row">
            {field.control === 'map' ? <TextField form={form} id={rowNameKey(row)} label="key" /> : null}
            <Field form={form} field={row} />
            <button
              type="button"
              class="button quiet"
              aria-label={`Remove row ${index + 1} of ${field.name}`}
              onClick={({ currentTarget }) => {
                // The focused button vanishes with its row, so another button gets the focus.
                currentTarget.closest('fieldset')?.querySelector<HTMLElement>(':scope > button')?.focus();
                form.remove(field, index);
              }}
            >
              <Icon name="close" />
            </button>
          </div>
        );
      })}
      <button
        type="button"
        class="button"
        aria-label={`Add a row to ${field.name}`}
        onClick={() => form.change(fieldKey(field.path), `${count + 1}`)}
      >
        <Icon name="plus" />
        Add
      </button>
    </>
  );
}

function Control({
  id,
  field,
  form,
}: {
  readonly id: string;
  readonly field: FormField;
  readonly form: FormState;
}): JSX.Element {
  const key = fieldKey(field.path);
  const text = form.texts.get(key) ?? '';
  const onInput = (event: { readonly currentTarget: { readonly value: string } }): void =>
    form.change(key, event.currentTarget.value);
  const common = {
    id,
    value: text,
    required: field.required && !field.isRow,
    onInput,
    ...problemOf(form, key, id, field.isRow ? '' : `${id}-hint`),
  };
  switch (field.control) {
    case 'choice':
    case 'switch': {
      const choices = field.control === 'switch' ? ['true', 'false'] : [...field.choices.keys()];
      return (
        <select {...common}>
          <option value="">{field.defaultText === undefined ? 'not set' : `default: ${field.defaultText}`}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      );
    }
    case 'json':
      return <textarea {...common} rows={3} placeholder="JSON" />;
    default:
      return (
        <input
          {...common}
          type="text"
          inputMode={field.control === 'number' ? 'decimal' : 'text'}
          placeholder={field.defaultText ?? ''}
        />
      );
  }
}

/**
 * The violations of the schema by an instance. The engine in the worker of the playground checks the rules of the
 * schema, including CEL rules. `key` is equal for equal instances.
 */
function useCheck(
  schema: JsonObject | undefined,
  instance: JsonObject,
  key: string,
): RunState<readonly InstanceProblem[]> {
  const [state, setState] = useState<RunState<readonly InstanceProblem[]>>({ is: 'running' });
  const runner = useMemo(() => createRunner<InstanceCheck, readonly InstanceProblem[]>(browserHost(), setState), []);
  useEffect(() => runner.close, [runner]);
  useEffect(() => {
    if (schema !== undefined) runner.run({ schema, instance });
  }, [schema, key]);
  return state;
}
