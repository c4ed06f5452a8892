import type { Mistake } from './mistake.ts';
import { definition } from './yaml-definitions.ts';

const NUMBER = 'integer | default=2 minimum=1';
const TEXT = 'string | default="nginx:1.27"';

const warned = { exit: 0 };

/** Markers of SimpleSchema that have no effect, or whose effect is not the one that the author expects. */
export const markerMistakes: readonly Mistake[] = [
  definition(
    'a minimum above the maximum',
    [[NUMBER, 'integer | ⟦minimum=10 maximum=1']],
    /minimum 10 is above maximum 1: no value fits/,
    /write minimum=1 maximum=10/,
    warned,
  ),
  definition(
    'lengths that exclude each other, with a default that fits neither',
    [[TEXT, 'string | ⟦minLength=20 maxLength=2 default="nginx"']],
    /minLength 20 is above maxLength 2/,
    /write minLength=2 maxLength=20/,
  ),
  definition(
    'counts that exclude each other',
    [["'[]string'", "'[]string | ⟦minItems=5 maxItems=3'"]],
    /minItems 5 is above maxItems 3/,
    /minItems=3 maxItems=5/,
    { ...warned, place: /shop\.yaml:13:2\d/ },
  ),
  definition(
    'a minimum on a string',
    [['name: string\n', 'name: string | ⟦minimum=3\n']],
    /minimum bounds a number, and has no effect: the field is a string/,
    /write minLength=3/,
    warned,
  ),
  definition(
    'a maximum on a list',
    [["'[]string'", "'[]string | ⟦maximum=3'"]],
    /maximum bounds a number, and has no effect: the field is a list/,
    /write maxItems=3/,
    warned,
  ),
  definition(
    'a minimum on a boolean',
    [['name: string\n', 'name: string\n      debug: boolean | ⟦minimum=1\n']],
    /of the type boolean/,
    /remove minimum/,
    warned,
  ),
  definition(
    'null as a default',
    [[TEXT, 'string | ⟦default=null']],
    /the string "null"/,
    /remove the default/,
    warned,
  ),
  definition(
    'single quotes around a default',
    [[TEXT, "string | ⟦default='nginx'"]],
    /single quotes become part/,
    /default="nginx"/,
    warned,
  ),
  definition(
    'a default outside the enum',
    [[TEXT, 'string | enum="nginx,caddy" default=⟦"apache"']],
    /the default "apache" of image is not one of "nginx", "caddy"/,
    /correct the default/,
  ),
  definition(
    'a default above the maximum',
    [[NUMBER, 'integer | maximum=10 default=⟦20']],
    /the default 20 of replicas .*less than or equal to 10/,
    /correct the default/,
  ),
  definition(
    'markers separated by commas',
    [[NUMBER, 'integer | default=2⟦, minimum=1, maximum=10']],
    /markers are separated by spaces, but here is a comma/,
    /write integer \| default=2 minimum=1 maximum=10/,
  ),
  definition(
    'a comma that becomes part of a string',
    [[TEXT, 'string | default="nginx"⟦, required=true']],
    /markers are separated by spaces, but here is a comma/,
    /write string \| default="nginx" required=true/,
  ),
  definition(
    'a second bar',
    [[TEXT, 'string | required=true ⟦| default="x"']],
    /here is a second "\|"/,
    /write string \| required=true default="x"/,
  ),
  definition(
    'a field as a JSON schema with bounds',
    [[`replicas: ${NUMBER}`, '⟦replicas:\n        type: integer\n        default: 2\n        maximum: 10']],
    /this is a JSON schema/,
    /write replicas: integer \| default=2 maximum=10/,
  ),
  definition(
    'a list as a JSON schema',
    [["regions: '[]string'", '⟦regions:\n        type: array\n        items: {type: string}\n        minItems: 1']],
    /this is a JSON schema/,
    /write regions: \[\]string \| minItems=1/,
  ),
];
