import assert from 'node:assert/strict'
import { runTool } from '../helpers/run-tool.ts'

/** Runs promtool and asserts that it finds nothing. */
export async function assertPromtool(...words: string[]): Promise<void> {
  const { code, stdout, stderr } = await runTool('promtool', ...words)
  assert.equal(code, 0, stdout + stderr)
}
