// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/shelltypes.h"

namespace hybridge {

Notice noticeOf(const Error &error, const QString &id)
{
    Notice notice;
    notice.id = id;
    notice.tone = Notice::Tone::Failure;
    notice.what = error.summary;
    notice.remedy = error.remedy;
    notice.detail = error.detail;
    return notice;
}

} // namespace hybridge
