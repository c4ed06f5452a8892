import { describe, expect, test } from "vitest";
import { compare } from "../../property/compose/differential.ts";
import { PROGRAMS } from "./unusual-programs.ts";

/**
 * The refused programs, each with the code of the refusal and the source text at its place. The translation of each
 * other program returns the same result as the program in JavaScript.
 */
const REFUSED: Readonly<Record<string, readonly [code: string, place: string]>> = {
  asyncHelper: ['trace/async', "async () => s.name"],
  awaitIn: ['trace/async', "async (s) => { await null; return { v: s.name }; }"],
  classes: ['trace/unsupported', "class B { constructor(n) { this.n = n; } url() { return 'http://' + this.n; } }"],
  classConst: ['trace/unsupported', "class B { constructor(n) { this.n = n; } url() { return 'http://' + this.n; } }"],
  tryThrowSym: ['trace/throw-in-try', "throw new Error('x');"],
  mapBuild: ['trace/unsupported', "m.set(i.key, i.size)"],
  dateSym: ['trace/native-call', "new Date(s.n)"],
  jsonSpaces: ['trace/no-cel', "JSON.stringify({ a: s.n }, null, 2)"],
  mathPow: ['trace/no-cel', "Math.sqrt(s.n)"],
  numberFmt: ['trace/no-cel', "s.n.toLocaleString()"],
  toStringRadix: ['trace/no-cel', "s.n.toString(16)"],
  sortLocale: ['trace/no-cel', "a.localeCompare(b)"],
  counterSym: ['trace/loop-carried', "'x' + i + t"],
  generator: ['trace/unsupported', "function* g() { yield s.name; }"],
  getterObj: ['trace/unsupported', "{ get url() { return 'u' + s.name; } }"],
  recursionSym: ['trace/too-large', "(n) => (n <= 0 ? 0 : n + f(n - 1))"],
  equality: ['trace/types', "s.n == '3'"],
  fill: ['trace/no-cel', "Array(Math.max(s.n, 0))"],
  boolCoerce: ['trace/types', "s.flag + 1"],
  bitwise: ['trace/no-cel', "s.n & 1"],
  structClone: ['trace/native-call', "structuredClone(s.opt)"],
  priv: ['trace/unsupported', "class C { #x = 5; get() { return this.#x; } }"],
  exclamation: ['trace/no-cel', "encodeURIComponent(s.name)"],
  bufferB64: ['trace/native-call', "Buffer.from(s.name)"],
  instanceOf: ['trace/no-cel', "s.tags instanceof Array"],
  codePoint: ['trace/no-cel', "s.name.charCodeAt(0)"],
  lastWins: ['trace/loop-carried', "for (const t of s.tags) o.last = t;"],
  methodOfOneSide: ['trace/user-error', "v.indexOf('a')"],
  more10: ['trace/no-cel', "s.tags.map(parseInt)"],
  more24: ['trace/types', "{ n: a.length, v: a.map((p, i) => p + i), [s.env]: 1 }"],
  more34: ['trace/types', "s.tags"],
  listGrowsUnderCondition: ['trace/no-cel', "for (const x of a) { if (s.flag && x === 'a') a.push('b'); r.push(x); }"],
  iteratorSpreadWithoutEnd: ['trace/too-large', "[...it]"],
  iteratorEndsBySpec: ['trace/loop-bound', "[...it]"],
  toJSONInText: ['trace/no-cel', "JSON.stringify({ a: s.n, toJSON: () => 5 })"],
  arrayFromSymbolicLength: ['trace/no-cel', "Array.from({ length: s.n, 0: 'a' }, (x) => x ?? 'b')"],
  typeofNullOrAbsent: ['trace/absent', "typeof (s.flag ? s.nothing : s.tag)"],
  setOfParsedHasNaN: ['trace/no-cel', "new Set([Number(s.name), 1]).has(NaN)"],
  typeofNullOrAbsentIsObject: ['trace/absent', "typeof v === 'object'"],
};

describe("unusual code is translated exactly, or refused at its place", () => {
  test.each(Object.entries(PROGRAMS))("%s", (name, source) => {
    const verdict = compare(source);
    const refusal = REFUSED[name];
    if (refusal === undefined) {
      expect(verdict).toMatchObject({ kind: "equal" });
      expect(verdict.kind === "equal" && verdict.compared > 0).toBe(true);
      return;
    }
    const [code, place] = refusal;
    expect(verdict).toMatchObject({ kind: "refused", code });
    const lines = (verdict as { text: string }).text.split("\n").map((line) => line.trim());
    expect(lines.find((_, index) => lines[index - 1]?.startsWith("at generated.js:"))).toBe(place);
  });

  test("refusals name the remedy", () => {
    const silent = Object.keys(REFUSED).filter((name) => {
      const verdict = compare(PROGRAMS[name] ?? "");
      return verdict.kind !== "refused" || !verdict.text.split("\n")[0]?.includes("; ");
    });
    expect(silent).toEqual([]);
  });
});
