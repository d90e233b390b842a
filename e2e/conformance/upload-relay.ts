/** Runs in a page, put there by a test: uploads bytes as the page does for a dropped file. */
import { isMayflyError, toErrorRecord } from '../../contract/errors.ts'
import { uploadImage } from '../../renderer/client/upload-image.ts'

Object.assign(globalThis, {
  upload: async (base64: string, fileName: string, name: string) => {
    const progress: number[] = []
    try {
      const job = await uploadImage(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], fileName), { name, onProgress: ({ sentBytes }) => progress.push(sentBytes) })
      return { job, progress }
    } catch (error) {
      return { error: isMayflyError(error) ? toErrorRecord(error) : String(error), progress }
    }
  },
})
