import { T } from './lexer.ts';

/** An element of a grammar rule. A parse tree node stores the parsed element under the name `as`. */
export type Element =
  | { readonly kind: 'match'; readonly types: readonly number[]; readonly as?: string }
  | { readonly kind: 'rule'; readonly rule: string; readonly precedence: number; readonly as?: string }
  | { readonly kind: 'optional' | 'plus' | 'star'; readonly body: readonly Element[]; readonly adaptive: boolean }
  | { readonly kind: 'choice'; readonly alternatives: readonly Alternative[]; readonly adaptive: boolean };

/** An alternative of a choice. */
export interface Alternative {
  /** The label of the node for this alternative. */
  readonly label?: string;
  readonly body: readonly Element[];
}

/**
 * An operator of a left-recursive rule. The operator continues a node if the operator's precedence is at least the
 * precedence with which the rule is parsed.
 */
export interface Continuation extends Alternative {
  readonly precedence: number;
}

/** A rule. A left-recursive rule has `continuations` after its `body`. */
export interface Rule {
  readonly body: readonly Element[];
  readonly continuations?: readonly Continuation[];
}

const token = (type: number, as?: string): Element => ({
  kind: 'match',
  types: [type],
  ...(as === undefined ? {} : { as }),
});
const anyOf = (types: readonly number[], as: string): Element => ({ kind: 'match', types, as });
const rule = (name: string, as: string, precedence = 0): Element => ({ kind: 'rule', rule: name, precedence, as });
const optional = (...body: Element[]): Element => ({ kind: 'optional', body, adaptive: false });
const star = (...body: Element[]): Element => ({ kind: 'star', body, adaptive: false });
/** A loop that needs more than one token of lookahead to decide whether it continues. */
const adaptiveStar = (...body: Element[]): Element => ({ kind: 'star', body, adaptive: true });
const plus = (adaptive: boolean, ...body: Element[]): Element => ({ kind: 'plus', body, adaptive });
const choice = (adaptive: boolean, ...alternatives: Alternative[]): Element => ({
  kind: 'choice',
  alternatives,
  adaptive,
});
const alternative = (label: string, ...body: Element[]): Alternative => ({ label, body });

const RELATIONS = [T.EQUALS, T.NOT_EQUALS, T.IN, T.LESS, T.LESS_EQUALS, T.GREATER_EQUALS, T.GREATER];

/** The grammar of CEL for the parser that recovers from syntax errors. */
export const GRAMMAR: Readonly<Record<string, Rule>> = {
  start: { body: [rule('expr', 'e'), token(T.EOF)] },
  expr: {
    body: [
      rule('or', 'e'),
      optional(token(T.QUESTION, 'op'), rule('or', 'then'), token(T.COLON), rule('expr', 'else')),
    ],
  },
  or: { body: [rule('and', 'terms'), star(token(T.OR, 'ops'), rule('and', 'terms'))] },
  and: { body: [rule('relation', 'terms'), star(token(T.AND, 'ops'), rule('relation', 'terms'))] },
  relation: {
    body: [rule('calc', 'e')],
    continuations: [{ precedence: 1, label: 'binary', body: [anyOf(RELATIONS, 'op'), rule('relation', 'right', 2)] }],
  },
  calc: {
    body: [rule('unary', 'e')],
    continuations: [
      { precedence: 2, label: 'binary', body: [anyOf([T.STAR, T.SLASH, T.PERCENT], 'op'), rule('calc', 'right', 3)] },
      { precedence: 1, label: 'binary', body: [anyOf([T.MINUS, T.PLUS], 'op'), rule('calc', 'right', 2)] },
    ],
  },
  unary: {
    body: [
      choice(
        true,
        alternative('member', rule('member', 'e')),
        alternative('not', plus(false, token(T.EXCLAM, 'ops')), rule('member', 'e')),
        alternative('negate', plus(true, token(T.MINUS, 'ops')), rule('member', 'e')),
      ),
    ],
  },
  member: {
    body: [rule('primary', 'e')],
    continuations: [
      {
        precedence: 3,
        label: 'select',
        body: [token(T.DOT, 'op'), optional(token(T.QUESTION, 'opt')), rule('escapeIdent', 'id')],
      },
      {
        precedence: 2,
        label: 'memberCall',
        body: [
          token(T.DOT, 'op'),
          token(T.IDENTIFIER, 'id'),
          token(T.LPAREN, 'open'),
          optional(rule('exprList', 'args')),
          token(T.RPAREN, 'close'),
        ],
      },
      {
        precedence: 1,
        label: 'index',
        body: [
          token(T.LBRACKET, 'op'),
          optional(token(T.QUESTION, 'opt')),
          rule('expr', 'index'),
          token(T.RBRACKET, 'close'),
        ],
      },
    ],
  },
  primary: {
    body: [
      choice(
        true,
        alternative('ident', optional(token(T.DOT, 'dot')), token(T.IDENTIFIER, 'id')),
        alternative(
          'globalCall',
          optional(token(T.DOT, 'dot')),
          token(T.IDENTIFIER, 'id'),
          token(T.LPAREN, 'op'),
          optional(rule('exprList', 'args')),
          token(T.RPAREN, 'close'),
        ),
        alternative('nested', token(T.LPAREN), rule('expr', 'e'), token(T.RPAREN)),
        alternative(
          'list',
          token(T.LBRACKET, 'op'),
          optional(rule('listInit', 'elements')),
          optional(token(T.COMMA)),
          token(T.RBRACKET, 'close'),
        ),
        alternative(
          'map',
          token(T.LBRACE, 'op'),
          optional(rule('mapInit', 'entries')),
          optional(token(T.COMMA)),
          token(T.RBRACE, 'close'),
        ),
        alternative(
          'struct',
          optional(token(T.DOT, 'dot')),
          token(T.IDENTIFIER, 'ids'),
          star(token(T.DOT), token(T.IDENTIFIER, 'ids')),
          token(T.LBRACE, 'op'),
          optional(rule('fieldInit', 'entries')),
          optional(token(T.COMMA)),
          token(T.RBRACE, 'close'),
        ),
        alternative('constant', rule('literal', 'e')),
      ),
    ],
  },
  exprList: { body: [rule('expr', 'e'), star(token(T.COMMA), rule('expr', 'e'))] },
  listInit: { body: [rule('optExpr', 'e'), adaptiveStar(token(T.COMMA), rule('optExpr', 'e'))] },
  fieldInit: {
    body: [
      rule('optField', 'fields'),
      token(T.COLON, 'cols'),
      rule('expr', 'values'),
      adaptiveStar(token(T.COMMA), rule('optField', 'fields'), token(T.COLON, 'cols'), rule('expr', 'values')),
    ],
  },
  optField: { body: [optional(token(T.QUESTION, 'opt')), rule('escapeIdent', 'id')] },
  mapInit: {
    body: [
      rule('optExpr', 'keys'),
      token(T.COLON, 'cols'),
      rule('expr', 'values'),
      adaptiveStar(token(T.COMMA), rule('optExpr', 'keys'), token(T.COLON, 'cols'), rule('expr', 'values')),
    ],
  },
  escapeIdent: {
    body: [
      choice(
        false,
        alternative('simple', token(T.IDENTIFIER, 'id')),
        alternative('escaped', token(T.ESC_IDENTIFIER, 'id')),
      ),
    ],
  },
  optExpr: { body: [optional(token(T.QUESTION, 'opt')), rule('expr', 'e')] },
  literal: {
    body: [
      choice(
        true,
        alternative('int', optional(token(T.MINUS, 'sign')), token(T.INT, 'tok')),
        alternative('uint', token(T.UINT, 'tok')),
        alternative('double', optional(token(T.MINUS, 'sign')), token(T.FLOAT, 'tok')),
        alternative('string', token(T.STRING, 'tok')),
        alternative('bytes', token(T.BYTES, 'tok')),
        alternative('true', token(T.TRUE, 'tok')),
        alternative('false', token(T.FALSE, 'tok')),
        alternative('null', token(T.NULL, 'tok')),
      ),
    ],
  },
};
