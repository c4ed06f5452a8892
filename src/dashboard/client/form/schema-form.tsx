import type { JSX } from 'preact';
import { useId, useMemo, useState } from 'preact/hooks';
import type { DefinitionDetail } from '../../../inspect/index.ts';
import { Icon } from '../shared/icons.tsx';
import { Empty, Line, copyText } from '../shared/parts.tsx';
import type { FormField } from './form-fields.ts';
import { formFields } from './form-fields.ts';
import type { FormTexts } from './form-instance.ts';
import { fieldKey, formInstance, NAME_KEY, NAMESPACE_KEY } from './form-instance.ts';

interface FormState {
  readonly texts: FormTexts;
  readonly problems: ReadonlyMap<string, string>;
  readonly change: (key: string, text: string) => void;
}

/** The schema of a definition as a form, and the instance that it makes. Nothing is written to the cluster. */
export function SchemaForm({ detail }: { readonly detail: DefinitionDetail }): JSX.Element {
  const { definition, schema, namespaced } = detail;
  const [texts, setTexts] = useState<FormTexts>(new Map([[NAMESPACE_KEY, 'default']]));
  const fields = useMemo(() => (schema === undefined ? [] : formFields(schema)), [schema]);
  if (schema === undefined) return <Empty title="The definition has no schema until its problems are solved." />;
  const { apiVersion, kind } = definition;
  const { yaml, problems } = formInstance({ apiVersion, kind, namespaced }, fields, texts);
  const form: FormState = {
    texts,
    problems: new Map(problems.map(({ key, message }) => [key, message])),
    change: (key, text) => setTexts(new Map([...texts, [key, text]])),
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
        </header>
        <pre tabIndex={0}>{yaml}</pre>
        <p class="soft" aria-live="polite">
          {problems.length === 0
            ? 'Save it to a file, and apply it with kubectl apply -f FILE.'
            : `${problems.length === 1 ? 'One field needs' : `${problems.length} fields need`} a value.`}
        </p>
      </section>
    </div>
  );
}

function TextField(props: {
  readonly form: FormState;
  readonly id: string;
  readonly label: string;
  readonly required?: boolean;
}): JSX.Element {
  const id = useId();
  const { form } = props;
  return (
    <div class="field">
      <label for={id}>
        {props.label}
        {props.required === true ? <Required /> : null}
      </label>
      <input
        id={id}
        type="text"
        value={form.texts.get(props.id) ?? ''}
        onInput={(event) => form.change(props.id, event.currentTarget.value)}
      />
      <FieldProblem form={form} id={props.id} />
    </div>
  );
}

const Required = (): JSX.Element => <span class="required"> required</span>;

/** A problem of a text that the user wrote. An empty field only says that it is required. */
function FieldProblem({ form, id }: { readonly form: FormState; readonly id: string }): JSX.Element | null {
  const message = form.problems.get(id);
  if (message === undefined || (form.texts.get(id) ?? '') === '') return null;
  return <p class="field-problem">{message}</p>;
}

function Field({ form, field }: { readonly form: FormState; readonly field: FormField }): JSX.Element {
  const id = useId();
  const key = fieldKey(field.path);
  if (field.control === 'section') {
    return (
      <fieldset>
        <legend>
          {field.name}
          {field.required ? <Required /> : null}
        </legend>
        <Line kind="soft" text={field.description} />
        {field.fields.map((child) => (
          <Field key={child.name} form={form} field={child} />
        ))}
      </fieldset>
    );
  }
  const hints = [
    field.type,
    ...field.rules,
    ...(field.defaultText === undefined ? [] : [`default ${field.defaultText}`]),
  ];
  return (
    <div class="field">
      <label for={id}>
        {field.name}
        {field.required ? <Required /> : null}
      </label>
      <Control id={id} field={field} text={form.texts.get(key) ?? ''} onChange={(text) => form.change(key, text)} />
      <p class="hint" id={`${id}-hint`}>
        {field.description === undefined ? null : <span>{field.description}</span>}
        {hints.join(' · ')}
      </p>
      <FieldProblem form={form} id={key} />
    </div>
  );
}

function Control(props: {
  readonly id: string;
  readonly field: FormField;
  readonly text: string;
  readonly onChange: (text: string) => void;
}): JSX.Element {
  const { id, field, text, onChange } = props;
  const described = `${id}-hint`;
  switch (field.control) {
    case 'choice':
    case 'switch': {
      const choices = field.control === 'switch' ? ['true', 'false'] : field.choices;
      return (
        <select
          id={id}
          value={text}
          aria-describedby={described}
          onChange={(event) => onChange(event.currentTarget.value)}
        >
          <option value="">{field.defaultText === undefined ? 'not set' : `default: ${field.defaultText}`}</option>
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {choice}
            </option>
          ))}
        </select>
      );
    }
    case 'list':
    case 'json':
      return (
        <textarea
          id={id}
          rows={field.control === 'list' ? 2 : 3}
          placeholder={field.control === 'list' ? 'one item in each line' : 'JSON'}
          value={text}
          aria-describedby={described}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      );
    default:
      return (
        <input
          id={id}
          type="text"
          inputMode={field.control === 'number' ? 'decimal' : 'text'}
          placeholder={field.defaultText ?? ''}
          value={text}
          aria-describedby={described}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      );
  }
}
