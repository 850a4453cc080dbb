import { fileURLToPath } from 'node:url'

// Worker threads and child processes read this when they start; it halves what they need for it.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('../../node_modules/.cache/compile', import.meta.url)
)
