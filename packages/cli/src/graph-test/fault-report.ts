import { type JsonObject, count } from '@typekro/kit/core';
import type { FaultTestResult, LifeFailure, Paint } from '@typekro/testing';
import { faultSummary, firstOfEachInvariant, lifeFailureLines } from '@typekro/testing';
import { shellWord, xmlText } from '@typekro/app/text';

/**
 * The test file whose tests the simulated lives carry out. A life is one run of a test under faults. Messages name the
 * file, and so does the command that replays a life.
 */
export interface FaultReportSource {
  readonly file: string;
  /** The name of the file in results. */
  readonly name: string;
  /** The value of `--filter`. It must be repeated for a replay, because the selected tests determine the lives. */
  readonly filter?: string | undefined;
}

/** Prints the first failure of each invariant in full, and the notes. */
export function faultLines(result: FaultTestResult, source: FaultReportSource, paint: Paint): string[] {
  return [
    ...firstOfEachInvariant(result.failures).flatMap(({ failure, more }) => [
      ` ${paint.bad('✗')} ${title(source, failure)}`,
      ...lifeFailureLines(failure, paint),
      ...(more === 0
        ? []
        : [`     more      ${count(more, 'life breaks', 'lives break')} this invariant, too; -o json shows all`]),
      `     replay    ${replayOf(failure, source)}`,
    ]),
    ...result.notes.map(({ test, text }) => ` note      ${source.name} › ${test === '' ? '' : `${test} `}${text}`),
  ];
}

/** ` faults: 200 lives, 0 orphans, 0 stuck, 1 flap (seed 91)  shop.test.yaml, seeds from 1`. */
export function faultSumLine(result: FaultTestResult, { file }: FaultReportSource): string {
  return ` faults: ${faultSummary(result)}  ${file}, ${result.planned === 1 ? 'seed' : 'seeds from'} ${result.seed}`;
}

/** The result of the lives as data. Later versions only add fields. */
export function faultData(result: FaultTestResult, source: FaultReportSource): JsonObject {
  const { planned, lives, seed, failures, notes, milliseconds } = result;
  const data = {
    planned,
    lives,
    seed,
    milliseconds: Math.round(milliseconds),
    summary: faultSummary(result),
    failures: failures.map((failure) => ({ ...failure, replay: replayOf(failure, source) })),
    notes,
  };
  return data as unknown as JsonObject;
}

/**
 * JUnit XML test cases: one for all lives if no invariant is broken, or else one for the first failure of each
 * invariant.
 */
export function faultCases(result: FaultTestResult, source: FaultReportSource): string[] {
  const broken = firstOfEachInvariant(result.failures);
  const time = `time="${(result.milliseconds / 1000).toFixed(3)}"`;
  if (broken.length === 0) {
    return [
      `    <testcase classname="${xmlText(source.name)}" name="${xmlText(`faults: ${faultSummary(result)}`)}" ${time}/>`,
    ];
  }
  const plain = { good: (text: string) => text, bad: (text: string) => text };
  return broken.map(({ failure }) => {
    const message = `${failure.invariant}: expected ${failure.expected}, received ${failure.received}`;
    const lines = [...lifeFailureLines(failure, plain), `replay ${replayOf(failure, source)}`].map((line) =>
      line.trim(),
    );
    const name = `${failure.test}: ${failure.invariant} ${lifeText(failure)}`;
    return `    <testcase classname="${xmlText(source.name)}" name="${xmlText(name)}"><failure message="${xmlText(message)}">${xmlText(lines.join(' | '))}</failure></testcase>`;
  });
}

function title({ name }: FaultReportSource, failure: LifeFailure): string {
  return `${name} › ${failure.test}: ${failure.invariant}, ${lifeText(failure)}`;
}

function lifeText({ seed }: LifeFailure): string {
  return seed === undefined ? 'even without faults' : `seed ${seed}`;
}

function replayOf({ test, seed }: LifeFailure, { file, name, filter }: FaultReportSource): string {
  const only = seed === undefined ? `${name} › ${test}` : filter;
  const words = [
    `typekro test ${shellWord(file)} --faults 1`,
    ...(seed === undefined ? [] : [`--seed ${seed}`]),
    ...(only === undefined ? [] : [`-t ${shellWord(only)}`]),
  ];
  return words.join(' ');
}
