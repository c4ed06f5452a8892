import { createHash } from 'node:crypto';
import { CEL_KINDS, examine, fuzzEnvironment } from '../../support/cel-fuzz.ts';
import { seededChoices } from '../../support/choices.ts';
import { type FuzzTarget, FuzzFinding } from '../fuzz-target.ts';

const environment = fuzzEnvironment();

/** Parses, prints and checks CEL expressions, and evaluates them on ordinary and on hostile data. */
export const target: FuzzTarget = {
  name: 'cel',
  dictionary: [
    '==',
    '!=',
    '<=',
    '&&',
    '||',
    '? ',
    ': ',
    '.?',
    '[?',
    'r"',
    'b"',
    '"""',
    '\\u0000',
    '0x',
    '1e',
    'u',
    ' in ',
    ...`[ { // true null has( .all( .exists_one( .map( .filter( cel.bind( optional.of( .orValue(
.transformMap( .sortBy( lists.range( .matches( .format( quantity( duration( timestamp( .getHours(
ip( cidr( url( semver( math.greatest( sets.contains( base64.decode( dyn( int( uint( double( bytes(
string( type( x. ls md __proto__ constructor`.split(/\s/),
  ],
  seeds: () => [],
  generators: CEL_KINDS.map(({ name, expression }) => ({ name, make: (choices) => Buffer.from(expression(choices)) })),
  isMutable: true,
  // The evaluation may use its whole budget for each of three data sets.
  maxMs: 10_000,
  run(input) {
    const text = input.toString('utf8');
    // The expression is the seed of the hostile data, so that the expression alone reproduces a problem.
    const seed = createHash('sha256').update(text).digest().readUInt32LE(0);
    const problem = examine(environment, text, seededChoices(seed));
    if (problem !== undefined) throw new FuzzFinding(problem);
    return environment.parse(text).ok ? 'parsed' : 'refused';
  },
};
