import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** The labels that Prometheus adds to each series of a target. */
const TARGET_LABELS = ['job', 'instance'];

/** The series that a PromQL expression reads, and the labels of its result. */
export interface PromqlAnalysis {
  /** Syntax errors, and names of metrics and labels that do not exist. */
  readonly problems: readonly string[];
  /** The names of the series, in the same order as in the expression. */
  readonly metrics: readonly string[];
  /** The labels of the result. */
  readonly labels: ReadonlySet<string>;
}

/**
 * Analyzes an expression with the grammar of Prometheus.
 *
 * @param series maps the name of a series to its labels; buckets of histograms have the label `le`
 */
export function analyzePromql(expr: string, series: ReadonlyMap<string, readonly string[]>): PromqlAnalysis {
  const problems: string[] = [];
  const metrics: string[] = [];
  const textOf = ({ from, to }: SyntaxNode) => expr.slice(from, to);
  const tree = parser.parse(expr);
  tree.iterate({
    enter: ({ type, from }) => {
      if (type.isError) problems.push(`syntax error at "${expr.slice(from)}"`);
    },
  });

  /** The labels of a vector. */
  function labelsOf(node: SyntaxNode): ReadonlySet<string> {
    switch (node.name) {
      case 'VectorSelector':
        return labelsOfSelector(node);
      case 'AggregateExpr':
        return labelsOfAggregate(node);
      case 'FunctionCall': {
        const labels = new Set(labelsOfParts(node.getChild('FunctionCallBody')));
        const name = node.getChild('FunctionIdentifier');
        if (name !== null && textOf(name) === 'histogram_quantile' && !labels.delete('le')) {
          problems.push(`histogram_quantile without the label le in "${textOf(node)}"`);
        }
        return name !== null && textOf(name) === 'absent' ? new Set() : labels;
      }
      case 'BinaryExpr':
        return labelsOfBinary(node);
      default:
        return labelsOfParts(node);
    }
  }

  /** The union of the labels of all vectors below a node. */
  function labelsOfParts(node: SyntaxNode | null): ReadonlySet<string> {
    const labels = new Set<string>();
    for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) {
      for (const label of labelsOf(child)) labels.add(label);
    }
    return labels;
  }

  function labelsOfSelector(node: SyntaxNode): ReadonlySet<string> {
    const identifier = node.getChild('Identifier');
    const name = identifier === null ? '' : textOf(identifier);
    metrics.push(name);
    const known = series.get(name);
    if (known === undefined) problems.push(`no metric ${name}`);
    const labels = new Set([...(known ?? []), ...TARGET_LABELS]);
    const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
    for (const label of matchers.flatMap((matcher) => matcher.getChildren('LabelName'))) {
      if (known !== undefined && !labels.has(textOf(label))) problems.push(`${name} has no label ${textOf(label)}`);
    }
    return labels;
  }

  function labelsOfAggregate(node: SyntaxNode): ReadonlySet<string> {
    const inner = labelsOfParts(node.getChild('FunctionCallBody'));
    const modifier = node.getChild('AggregateModifier');
    const named = groupingOf(modifier, inner, node);
    return !modifier?.getChild('Without') ? named : new Set([...inner].filter((label) => !named.has(label)));
  }

  /**
   * The result has the labels of the left side. This is correct for the comparisons and set operators that this project
   * uses.
   */
  function labelsOfBinary(node: SyntaxNode): ReadonlySet<string> {
    const [left, right] = [node.firstChild, node.lastChild];
    if (left === null || right === null) return new Set();
    const [found, other] = [labelsOf(left), labelsOf(right)];
    const clause = node.getChild('MatchingModifierClause');
    for (const side of [found, other]) groupingOf(clause, side, node);
    return found;
  }

  /** The labels that a modifier names. A label that the vector does not have becomes a problem. */
  function groupingOf(modifier: SyntaxNode | null, vector: ReadonlySet<string>, of: SyntaxNode): ReadonlySet<string> {
    const names = modifier?.getChild('GroupingLabels')?.getChildren('LabelName').map(textOf) ?? [];
    for (const name of names) if (!vector.has(name)) problems.push(`no label ${name} in "${textOf(of)}"`);
    return new Set(names);
  }

  const labels = labelsOf(tree.topNode);
  return { problems, metrics, labels };
}
