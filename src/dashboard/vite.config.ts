import { defineConfig } from 'vite'

/** Builds the dashboard into `dist/dashboard`: one page, one script, one style sheet, all by their hashes. */
export default defineConfig({
  base: '/',
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    // What knows light-dark() needs nothing else.
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // A data: URL is nothing that the page's policy lets in.
    assetsInlineLimit: 0,
    modulePreload: false,
    // Whose code is in it.
    license: { fileName: 'LICENSES.md' }
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } }
})
