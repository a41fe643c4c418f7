// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace hybridge {

/// Leaves OpenSSL's memory to the system when the process ends, instead of freeing it in an exit handler. Call it first
/// in main(), before any other use of OpenSSL; later calls, from any thread, change nothing.
///
/// A thread that has used OpenSSL frees its share of it as the last thing it does. Qt's threads are detached: waiting for
/// them returns before that, so main() can end meanwhile, and the exit handler frees the same memory a second time.
/// Source: OPENSSL_init_crypto(3), OPENSSL_INIT_NO_ATEXIT.
void keepCryptoAtExit();

} // namespace hybridge
