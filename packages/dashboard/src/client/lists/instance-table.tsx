import type { JSX } from 'preact';
import { useEffect, useId } from 'preact/hooks';
import type { InstanceRow, InstanceSort } from '@typekro/controller/inspect';
import { reasonTone } from '../graph/states.ts';
import { ageOf } from '../shared/page-clock.ts';
import { Icon } from '../shared/icons.tsx';
import { Link, StateBadge, useNarrow } from '../shared/parts.tsx';
import { type InstancePages, PAGE_SIZE } from './instance-pages.ts';
import { useVirtual } from './use-virtual.ts';
import { pagesOf, slotOf } from './virtual-window.ts';

/** The height of a row. A wide window shows a list of more than `MAX_ROOMY` instances with less height for each. */
const ROW_HEIGHT = 44;
const DENSE_ROW_HEIGHT = 28;
const MAX_ROOMY = 100;
const HEAD_HEIGHT = 36;

const COLUMNS: readonly { readonly sort: InstanceSort; readonly label: string }[] = [
  { sort: 'state', label: 'State' },
  { sort: 'name', label: 'Name' },
  { sort: 'definition', label: 'Definition' },
  { sort: 'waiting', label: 'Waits for' },
  { sort: 'age', label: 'Age' },
];

/** A table of instances that draws only its visible rows. */
export function InstanceTable(props: {
  readonly pages: InstancePages;
  readonly total: number;
  readonly sort: InstanceSort;
  readonly order: 'asc' | 'desc';
  readonly onSort: (sort: InstanceSort) => void;
  /** The key under which the position of the list is kept. A table with the same key begins at this position. */
  readonly memory: string;
  readonly onOpen: (ref: string) => void;
}): JSX.Element {
  const { pages, total } = props;
  const base = useId();
  const isNarrow = useNarrow();
  const rowHeight = total > MAX_ROOMY && !isNarrow ? DENSE_ROW_HEIGHT : ROW_HEIGHT;
  const virtual = useVirtual({
    total,
    rowHeight,
    headHeight: HEAD_HEIGHT,
    memory: props.memory,
    onOpen: (index) => {
      const row = pages.row(index);
      if (row !== undefined) props.onOpen(row.ref);
    },
  });
  const { first, end } = virtual.shown;
  const shownPages = pagesOf(virtual.shown, PAGE_SIZE);
  useEffect(() => pages.show(shownPages), [pages, shownPages.join()]);
  const rows = Array.from({ length: end - first }, (_, offset) => first + offset);
  return (
    <div
      ref={virtual.scroller}
      class="table"
      role="grid"
      aria-label="Instances"
      aria-rowcount={total + 1}
      tabIndex={0}
      aria-activedescendant={`${base}-${virtual.active}`}
      onScroll={virtual.onScroll}
      onKeyDown={virtual.onKeyDown}
    >
      <div role="rowgroup" class="table-head">
        <div role="row" aria-rowindex={1} class="table-row">
          {COLUMNS.map(({ sort, label }) => (
            <div
              key={sort}
              role="columnheader"
              class={`cell cell-${sort}`}
              aria-sort={sort === props.sort ? (props.order === 'asc' ? 'ascending' : 'descending') : 'none'}
            >
              <button type="button" class="sort" onClick={() => props.onSort(sort)}>
                {label}
                {sort === props.sort ? <Icon name={props.order === 'asc' ? 'up' : 'down'} /> : null}
              </button>
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" class="table-body" style={{ height: `${total * rowHeight}px` }}>
        {rows.map((index) => (
          <Row
            key={slotOf(index, virtual.shown)}
            id={`${base}-${index}`}
            index={index}
            height={rowHeight}
            row={pages.row(index)}
            isActive={index === virtual.active}
            onActivate={() => virtual.setActive(index)}
          />
        ))}
      </div>
    </div>
  );
}

function Row(props: {
  readonly id: string;
  readonly index: number;
  readonly height: number;
  readonly row: InstanceRow | undefined;
  readonly isActive: boolean;
  readonly onActivate: () => void;
}): JSX.Element {
  const { index, row } = props;
  return (
    <div
      role="row"
      id={props.id}
      class="table-row"
      aria-rowindex={index + 2}
      aria-selected={props.isActive}
      style={{ height: `${props.height}px`, transform: `translateY(${index * props.height}px)` }}
      onMouseDown={props.onActivate}
    >
      <div role="gridcell" class="cell cell-state">
        {row === undefined ? '…' : <StateBadge state={row.state} />}
      </div>
      <div role="gridcell" class="cell cell-name">
        {row === undefined ? null : (
          <Link to={{ view: 'instance', ref: row.ref }} tabIndex={-1}>
            {row.namespace === undefined ? null : <span class="soft">{row.namespace}/</span>}
            {row.name}
          </Link>
        )}
        {row?.suspended === true ? <span class="tag">suspended</span> : null}
      </div>
      <div role="gridcell" class="cell cell-definition" title={row?.definition}>
        {row?.kind}
        {row?.revision === undefined ? null : <span class="soft"> r{row.revision}</span>}
      </div>
      <div
        role="gridcell"
        class={`cell cell-waiting${row === undefined ? '' : ` tone-${reasonTone(row.state)}`}`}
        title={row?.waitingFor}
      >
        {row?.waitingFor}
      </div>
      <div role="gridcell" class="cell cell-age">
        {ageOf(row?.createdAt)}
      </div>
    </div>
  );
}
