import { keepHeapSmall } from '../small-heap.ts';

// A module of its own, because a module runs only after its imports: V8's flags must be set before larger modules run.
keepHeapSmall();
