import type { Chance } from './chance.ts'

const PIECES = [
  'a',
  'Z9',
  '~',
  '-_',
  'x.y',
  'x..y',
  '%20',
  '%2F',
  '%2f',
  '%00',
  '%C3%A9',
  '%zz',
  '%',
  ';',
  ';v=1',
  ':',
  '@',
  '&=+$,',
  "!'()*",
  '{}|^`"<>\\'
]

/** A path and query, with all that must stay as it is and nothing that a gateway may refuse: dot segments. */
export function randomTarget(chance: Chance): string {
  let target = ''
  for (let segments = 1 + chance.below(5); segments > 0; segments--) target += `/${word(chance)}`
  if (chance.oneIn(6)) target += '/'
  if (chance.oneIn(2))
    target += `?${chance.list(chance.below(4), () => `${word(chance)}=${word(chance)}`).join('&')}`
  if (chance.oneIn(10)) target += `?/../%2e%2e/${word(chance)}`
  // A query may hold what a path may not.
  return target.includes('?') ? target : target.replace(/\/\.\.\//g, '/')
}

function word(chance: Chance): string {
  return chance.list(chance.below(5), () => chance.pick(PIECES)).join('')
}
