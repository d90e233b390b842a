/** Reads what a call carries, and no more than a call may carry. */
import type { IncomingMessage } from 'node:http'
import { MayflyError } from '../../contract/errors.ts'

/** Bytes of one call. The largest field of the contract is `guest.run`'s stdin, 4 MiB in base64. */
const maxBodyBytes = 8 * 1024 * 1024

/**
 * The JSON object in the body. Throws `invalid-input` where it is something else or too large;
 * only JSON is taken, so the RPC library's readers of forms and files are out of reach.
 */
export async function readJsonBody(request: IncomingMessage): Promise<object> {
  if (request.headers['content-type'] !== 'application/json') throw refused('A call is sent as application/json.')
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw tooLarge()
    chunks.push(chunk)
  }
  let value: unknown
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw refused('The call is not well-formed JSON.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused('A call is a JSON object.')
  return value
}

function tooLarge(): MayflyError<'invalid-input'> {
  return refused(`A call carries at most ${maxBodyBytes} bytes.`)
}

function refused(message: string): MayflyError<'invalid-input'> {
  return new MayflyError('invalid-input', message, { issues: [{ path: '', message }] })
}
