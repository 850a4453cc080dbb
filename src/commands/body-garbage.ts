import { setFlagsFromString } from 'node:v8'

/**
 * Makes V8 collect the buffers of bodies earlier. Each read is a buffer of up to 64 KiB outside of the heap, and the
 * heap hardly grows meanwhile, so by default some 64 MiB of them gather before a full collection frees them. With this
 * flag a young one, which is much cheaper, comes at 32 MiB: twice the new space's default capacity, which is twice the
 * flag where pointers are not compressed (V8's `Heap::AllocateExternalBackingStore`). It also bounds the new space of
 * threads that start later to 16 MiB.
 *
 * The flag is process-wide, so the command sets it, not the library. V8 13 (Node 24) has it; other versions are left alone.
 */
export function collectBodiesEarly(): void {
  if (process.versions.v8.startsWith('13.')) setFlagsFromString('--scavenger-max-new-space-capacity-mb=8')
}
