// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What nearly every page and widget includes anyway, parsed once for all of them.
#pragma once

#include <QAbstractItemModel>
#include <QBoxLayout>
#include <QHash>
#include <QLabel>
#include <QList>
#include <QPainter>
#include <QPushButton>
#include <QString>
#include <QTimer>
#include <QWidget>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
