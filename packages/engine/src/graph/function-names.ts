import { KRO_LIBRARIES } from '@typekro/cel';

let names: ReadonlySet<string> | undefined;

/**
 * The function names that hints may suggest: the functions of the libraries (except operators) and CEL's standard
 * functions.
 */
export function functionNames(): ReadonlySet<string> {
  names ??= new Set([
    ...KRO_LIBRARIES.flatMap((library) => (library.functions ?? []).map((each) => each.name)).filter((name) =>
      /^[a-z][\w.]*$/.test(name),
    ),
    'size',
    'string',
    'int',
    'uint',
    'double',
    'bool',
    'bytes',
    'dyn',
    'type',
    'timestamp',
    'duration',
  ]);
  return names;
}
