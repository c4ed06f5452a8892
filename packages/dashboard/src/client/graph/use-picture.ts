import { useMemo, useRef, useState } from 'preact/hooks';
import type { InstanceDetail } from '@typekro/controller/inspect';
import { type Picture, type PictureOptions, apartNodes, pictureOfInstance } from './picture.ts';

/**
 * The picture of an instance, and the function that opens or closes one of its collections or groups. In a graph with
 * groups, some nodes are drawn apart from the groups. These nodes are chosen when the graph is first drawn, and again
 * when a collection or a group is opened or closed. A change of a state therefore moves no box.
 */
export function useInstancePicture(
  detail: Pick<InstanceDetail, 'graph' | 'edges' | 'nodes'>,
  mode: PictureOptions['mode'],
): readonly [Picture, (id: string) => void] {
  const [opened, toggle] = useOpened();
  const choice = useRef<Pick<PictureOptions, 'opened' | 'apart'> | undefined>(undefined);
  const picture = useMemo(() => {
    if (choice.current?.opened !== opened)
      choice.current = { opened, apart: apartNodes(detail, choice.current?.apart ?? new Set()) };
    return pictureOfInstance(detail, { mode, ...choice.current });
  }, [detail, mode, opened]);
  return [picture, toggle];
}

/** The opened collections and groups of a picture, and the function that opens or closes one. */
export function useOpened(): readonly [ReadonlySet<string>, (id: string) => void] {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string): void =>
    setOpened((before) =>
      before.has(id) ? new Set([...before].filter((other) => other !== id)) : new Set([...before, id]),
    );
  return [opened, toggle];
}
