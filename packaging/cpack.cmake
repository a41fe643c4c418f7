# SPDX-FileCopyrightText: The Hybridge authors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What is installed, and the packages: cpack -G DEB (Debian, Ubuntu) or cpack -G RPM (Fedora) in a build folder.
include(GNUInstallDirs)

# hybridge finds hybridge-lab beside itself, so the lab and its multi-call binary are part of the demo.
foreach(program hybridge hybridgectl hybridge-lab hybridge-lab-node)
    if(TARGET ${program})
        install(TARGETS ${program} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
    endif()
endforeach()
install(FILES "${PROJECT_SOURCE_DIR}/resources/schema/fleet.schema.json" DESTINATION "${CMAKE_INSTALL_DATADIR}/hybridge")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME copyright)
if(TARGET hybridge)
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/io.github.hybridge.Hybridge.desktop"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/applications")
    install(FILES "${PROJECT_SOURCE_DIR}/packaging/io.github.hybridge.Hybridge.metainfo.xml"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/metainfo")
    install(FILES "${PROJECT_SOURCE_DIR}/resources/icons/hybridge.svg"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps")
endif()

set(CPACK_PACKAGE_NAME hybridge)
set(CPACK_PACKAGE_VENDOR "The Hybridge authors")
set(CPACK_PACKAGE_CONTACT "The Hybridge authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Control panel for hybrid AI-inference set-ups")
set(CPACK_PACKAGE_DESCRIPTION
"Watches and steers GPU machines in the cloud and at home that serve language
models behind Cloudflare Tunnels: the state of each layer, live GPU figures over
SSH, and the root of what is broken. Comes with a demo cloud and a command-line
tool.")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)

set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
# The libraries by what the binaries link; Qt's plug-ins and libsecret are loaded at run time and named here.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libqt6sql6-sqlite")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libsecret-1-0, qt6-wayland, fonts-dejavu-core, fonts-wqy-microhei | fonts-noto-cjk")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "gnome-keyring")

set(CPACK_RPM_PACKAGE_LICENSE "GPL-3.0-or-later")
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_AUTOREQ ON)
set(CPACK_RPM_PACKAGE_SUGGESTS "libsecret, qt6-qtwayland")
# Folders that belong to others.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /usr/share/applications /usr/share/metainfo /usr/share/icons /usr/share/icons/hicolor
    /usr/share/icons/hicolor/scalable /usr/share/icons/hicolor/scalable/apps)

include(CPack)
