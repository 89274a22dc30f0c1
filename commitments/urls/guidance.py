"""Guidance: drafts, sections, comments, versions, what has changed since; documents that lie elsewhere."""

from django.urls import path

from commitments.views import guidance, guidance_sections, guidance_since, guidance_versions, references

OF_PROGRAMME = "programmes/<slug:slug>/guidance/"
ONE = "guidance/<int:guidance>/"
SECTION = f"{ONE}sections/<int:part>/"
VERSION = f"{ONE}versions/<int:number>/"
REFERENCES = "programmes/<slug:slug>/references/"
urlpatterns = [
    path("guidance/", guidance.list_guidance, name="guidance-list"),
    path(OF_PROGRAMME, guidance.list_of_programme, name="programme-guidance"),
    path(f"{OF_PROGRAMME}start/", guidance.start, name="guidance-start"),
    path(ONE, guidance.show_guidance, name="guidance-show"),
    path(f"{ONE}title/", guidance.rename, name="guidance-rename"),
    path(f"{ONE}open/", guidance.set_open, name="guidance-open"),
    path(f"{ONE}take-back/", guidance.take_back, name="guidance-take-back"),
    path(f"{ONE}publish/", guidance_versions.publish, name="guidance-publish"),
    path(f"{ONE}since/", guidance_since.show_since, name="guidance-since"),
    path(f"{ONE}acknowledge/", guidance_since.acknowledge, name="guidance-acknowledge"),
    path(f"{ONE}sections/add/", guidance_sections.add, name="section-add"),
    path(f"{ONE}sections/from-agreements/", guidance_sections.draft_from, name="section-draft"),
    path(f"{SECTION}agreements/", guidance_sections.choose_agreements, name="section-agreements"),
    path(SECTION, guidance_sections.change, name="section-change"),
    path(f"{SECTION}move/", guidance_sections.move, name="section-move"),
    path(f"{SECTION}remove/", guidance_sections.remove, name="section-remove"),
    path(f"{SECTION}comment/", guidance_sections.comment, name="section-comment"),
    path(f"{ONE}comments/<int:comment>/answer/", guidance_sections.answer, name="comment-answer"),
    path(VERSION, guidance_versions.show_version, name="guidance-version"),
    path(f"{VERSION}guidance.pdf", guidance_versions.give_document, name="guidance-document"),
    path(f"{VERSION}changes/", guidance_versions.compare_versions, name="guidance-changes"),
    path("p/<int:link>/guidance/", guidance_since.list_for_place, name="place-guidance"),
    path("p/<int:link>/guidance/<int:guidance>/", guidance_since.show_for_place, name="place-guidance-show"),
    path(REFERENCES, references.list_references, name="reference-list"),
    path(f"{REFERENCES}add/", references.add, name="reference-add"),
    path("references/<int:reference>/", references.change, name="reference-change"),
    path("references/<int:reference>/remove/", references.remove, name="reference-remove"),
]
