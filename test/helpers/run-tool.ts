import { execFile } from 'node:child_process'

/** What a program said before it ended. */
export interface ToolOutput {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, whatever that is; its input is empty. @throws Error when it can't be started. */
export async function runTool(command: string, ...words: readonly string[]): Promise<ToolOutput> {
  return await new Promise((resolve, reject) => {
    const child = execFile(command, words, { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code === 'string') reject(error)
      else resolve({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr })
    })
    // It may have ended before.
    child.stdin?.on('error', () => {})
    child.stdin?.end()
  })
}
