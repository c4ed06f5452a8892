import { keepHeapSmall } from '../process/small-heap.ts';

// This call is in a separate module, because a module runs after its imports. V8's flags must be set before larger
// modules run.
keepHeapSmall();
