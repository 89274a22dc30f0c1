"""What was attended: the own record, certificates, a lead's record of the own people."""

from django.urls import path

from attendance.views import record

urlpatterns = [
    path("attended/", record.show_own, name="record-show"),
    path("attended/record.csv", record.export_own, name="record-export"),
    path("attended/<int:attendance>/certificate.pdf", record.give_own_certificate, name="record-certificate"),
    path("p/<int:link>/certificate.pdf", record.give_certificate_of_place, name="place-certificate"),
    path(
        "sessions/<int:session>/register/certificates/<int:attendance>.pdf",
        record.give_certificate,
        name="register-certificate",
    ),
    path("organisations/<int:organisation>/attended/", record.list_staff, name="staff-record"),
    path("organisations/<int:organisation>/attended/record.csv", record.export_staff, name="staff-record-export"),
]
