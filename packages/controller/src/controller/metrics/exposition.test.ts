import { describe, expect, it } from 'vitest';
import { exposition, Metric } from './exposition.ts';

describe('exposition', () => {
  it('writes counters and gauges with escaped labels', () => {
    const metric = new Metric('a_total', 'counter', 'How many.');
    metric.add({ name: 'x"\\\n' });
    metric.add({ name: 'x"\\\n' }, 2);
    metric.add({ name: 'y' });
    metric.drop({ name: 'y' });
    expect(exposition([metric])).toBe(
      ['# HELP a_total How many.', '# TYPE a_total counter', 'a_total{name="x\\"\\\\\\n"} 3', ''].join('\n'),
    );
  });

  it.each([
    [{ gvr: 'g' }, ['h/a', 'h/b']],
    [{ type: 'a' }, ['g/b', 'h/b']],
    [{ gvr: 'g', type: 'a' }, ['g/b', 'h/a', 'h/b']],
    [{ gvr: 'other' }, ['g/a', 'g/b', 'h/a', 'h/b']],
    [{ name: 'g' }, ['g/a', 'g/b', 'h/a', 'h/b']],
  ])('drops the series with %o, and counts a new series with the same labels from zero', (labels, left) => {
    const metric = new Metric('a_total', 'counter', 'How many.', { labels: ['gvr', 'type'] });
    const all = ['g', 'h'].flatMap((gvr) => ['a', 'b'].map((type) => ({ gvr, type })));
    for (const each of all) metric.add(each);
    metric.drop(labels);
    const held = () => all.filter((each) => metric.valueOf(each) > 0).map(({ gvr, type }) => `${gvr}/${type}`);
    expect(held()).toEqual(left);
    metric.drop({ gvr: 'h' });
    for (const each of all) metric.add(each);
    metric.drop(labels);
    expect(held()).toEqual(left);
    expect(metric.valueOf({ gvr: 'h', type: 'b' })).toBe(1);
  });

  it('writes one series for labels in any order', () => {
    const metric = new Metric('a_total', 'counter', 'How many.', { labels: ['gvr', 'type'] });
    metric.add({ gvr: 'g', type: 'a' });
    metric.add({ type: 'a', gvr: 'g' });
    metric.add({ type: 'a', gvr: 'h' });
    expect([...metric.lines()].slice(2)).toEqual(['a_total{gvr="g",type="a"} 2', 'a_total{gvr="h",type="a"} 1']);
    expect(metric.valueOf({ type: 'a', gvr: 'g' })).toBe(2);
    metric.drop({ gvr: 'h' });
    expect([...metric.lines()].slice(2)).toEqual(['a_total{gvr="g",type="a"} 2']);
  });

  it('writes histograms with cumulative buckets', () => {
    const metric = new Metric('d_seconds', 'histogram', 'How long.', { bounds: [0.1, 1] });
    for (const value of [0.05, 0.5, 5]) metric.observe({ gvr: 'g' }, value);
    expect([...metric.lines()].slice(2)).toEqual([
      'd_seconds_bucket{gvr="g",le="0.1"} 1',
      'd_seconds_bucket{gvr="g",le="1"} 2',
      'd_seconds_bucket{gvr="g",le="+Inf"} 3',
      'd_seconds_sum{gvr="g"} 5.55',
      'd_seconds_count{gvr="g"} 3',
    ]);
  });

  it('writes 0 for a metric that has neither labels nor a value yet', () => {
    const of = (type: 'counter' | 'histogram') => [...new Metric('a', type, 'A.', { bare: true, bounds: [1] }).lines()];
    expect(of('counter').slice(2)).toEqual(['a 0']);
    expect(of('histogram').slice(2)).toEqual(['a_bucket{le="1"} 0', 'a_bucket{le="+Inf"} 0', 'a_sum 0', 'a_count 0']);
  });

  it('collects the values of a metric when it writes the metric', () => {
    let size = 1;
    const metric = new Metric('q', 'gauge', 'Queue.', { collect: () => [[{}, size]] });
    size = 7;
    expect(exposition([metric])).toContain('q 7');
  });
});
