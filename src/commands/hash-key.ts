import { fstatSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { createApiKey, hashApiKey } from '../access/api-keys.ts'
import type { Command } from './main.ts'

/** Below this many characters, guesses are worth a try. */
const SHORT = 16

/** How long a program that started this one, and holds its input open, may take to give a key, in milliseconds. */
const PATIENCE = 1000

/**
 * Prints what the configuration holds of an API key: of one that is given, on the command line or better on standard
 * input, which no process list shows; else of a new one, with the key itself, which is shown this once.
 */
export const hashKey: Command = async (_options, [word]) => {
  const given = word ?? (await fromInput())
  if (given === undefined || given === '') {
    const key = createApiKey()
    process.stdout.write(`key:  ${key}\nhash: ${hashApiKey(key)}\n`)
    return 0
  }
  if (given.length < SHORT) {
    process.stderr.write(
      `xecureapi: a key below ${SHORT} characters is soon guessed; without one, hash-key makes one\n`
    )
  }
  process.stdout.write(`${hashApiKey(given)}\n`)
  return 0
}

async function fromInput(): Promise<string | undefined> {
  const input = fstatSync(0)
  if (input.isFIFO() || input.isFile()) return await firstLine()
  // Programs give their children a socket, whether they write to it or not.
  if (!input.isSocket()) return undefined
  const line = await Promise.race([firstLine(), delay(PATIENCE, undefined)])
  process.stdin.destroy()
  return line
}

async function firstLine(): Promise<string | undefined> {
  for await (const line of createInterface({ input: process.stdin })) return line
  return undefined
}
