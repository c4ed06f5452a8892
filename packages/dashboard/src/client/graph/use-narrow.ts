import { useEffect, useState } from 'preact/hooks';

/** Windows up to this width have one column. The style sheet has the same width. */
const NARROW = '(max-width: 760px)';

/** Is the window narrow? */
export function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const query = matchMedia(NARROW);
    const update = (): void => setNarrow(query.matches);
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, []);
  return isNarrow;
}
