// Tells V8 that memory matters more here than the last bit of speed: the process waits for servers most of the time
// and shares its node with what people run there. Imported first, before the heap has grown by loading the rest;
// V8's own command line flags can be given beside. Figures: docs/performance.md.
import { setFlagsFromString } from 'node:v8';

/** How much the heap may grow between two full collections, in percent; V8 by itself lets it grow by up to 300. */
const growthPercent = 30;

setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
// New objects live in a space that would grow to 32 MiB and stay there.
setFlagsFromString('--semi-space-growth-factor=1');
// What the compiler makes of long chains of small functions is larger than what it spares in a process that mostly waits.
setFlagsFromString('--max-optimized-bytecode-size=4000');
setFlagsFromString('--max-inlined-bytecode-size-cumulative=200');
