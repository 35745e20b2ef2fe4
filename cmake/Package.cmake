# `cmake --install` and the .deb (`cpack -G DEB`): binary, unit, user, configuration, documents.
include(GNUInstallDirs)

# Units and users are looked for below /usr/lib whatever the prefix's lib folder is called.
install(FILES config/tapeline.service DESTINATION lib/systemd/system)
install(FILES config/tapeline.sysusers DESTINATION lib/sysusers.d RENAME tapeline.conf)
install(FILES README.md ARCHITECTURE.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
install(FILES config/default.toml config/roles.sql DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)

set(CPACK_PACKAGE_NAME tapeline)
set(CPACK_PACKAGE_VENDOR tapeline)
set(CPACK_PACKAGE_CONTACT "tapeline maintainers <maintainers@tapeline.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "postgresql (>= 15), redis-server")
set(CPACK_STRIP_FILES ON)
# The configuration is the administrator's: made once by postinst, never overwritten, taken away by purge only.
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/config/debian/postinst ${PROJECT_SOURCE_DIR}/config/debian/prerm
  ${PROJECT_SOURCE_DIR}/config/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
