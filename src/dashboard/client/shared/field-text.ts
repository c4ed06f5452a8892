import { useEffect, useRef, useState } from 'preact/hooks';

/** The text of a field, and the functions that change it. */
export interface FieldText {
  readonly text: string;
  readonly setText: (text: string) => void;
  /** Notes the value that the field itself passes on, for example its text without blanks at the ends. */
  readonly passOn: (value: string) => void;
}

/**
 * The text of a field whose value is kept elsewhere. The text that the user wrote stays, even while the kept value
 * still differs, until another part of the page changes the value.
 */
export function useFieldText(value: string): FieldText {
  const [text, setText] = useState(value);
  const own = useRef(value);
  useEffect(() => {
    if (value === own.current) return;
    own.current = value;
    setText(value);
  }, [value]);
  return { text, setText, passOn: (passed) => (own.current = passed) };
}
