/** A failure as it is shown: whatever was thrown becomes an error of the contract. */
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import { text } from '../text/text.ts'

export function toMayflyError(error: unknown): MayflyError {
  if (isMayflyError(error)) return error
  console.error(error)
  return new MayflyError('bug', text.error.unexpected, { reference: 'page' }, { cause: error })
}
